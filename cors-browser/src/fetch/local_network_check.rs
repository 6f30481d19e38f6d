//! Local Network Access, "Local Network Access Check": whether a request may be sent over a connection.

use url::Url;

use super::Fetch;
use crate::page::is_secure_context;
use crate::request::Request;
use crate::{AddressSpace, BlockReason, Blocked, OpaqueKind, Origin, Permission};

impl Fetch<'_> {
    /// Local Network Access, "Local Network Access Check".
    ///
    /// It is made for each connection, so that a redirect does not lead around it.
    pub(super) fn local_network_check(&self, request: &Request) -> Result<(), Blocked> {
        let (steps, page) = (self.steps(), self.page);
        let Some(permissions) = page.network_permissions else { return Ok(()) };
        if !self.browser.profile.checks_local_network || !steps.checks_connection(request) {
            return Ok(());
        }
        let url = request.current_url();
        let target = self.browser.network.address_space(url);
        let origin = Origin::of(url);
        if page.origin.is_same_origin(&origin) && origin.is_potentially_trustworthy() {
            return Ok(());
        }
        let blocked = |reason, detail| Err(Blocked::new(reason, detail).with_value(target.as_str()));
        if let Some(named) = request.target_address_space.filter(|&named| steps.is_other_space(named, target))
        {
            let detail =
                format!("the request names the address space {named}, but the server is in {target}");
            return blocked(BlockReason::AddressSpaceMismatch, detail);
        }
        // The standard also protects loopback from local pages. Chromium does not yet.
        if target == AddressSpace::Public || self.page_address_space() != AddressSpace::Public {
            return Ok(());
        }
        if !is_secure_context(page) && steps.needs_secure_context() {
            let detail =
                format!("a page without a secure context requested a server in the address space {target}");
            return blocked(BlockReason::LocalNetworkNotSecure, detail);
        }
        match steps.network_permission(permissions, target) {
            Permission::Granted => Ok(()),
            answer => {
                let detail = format!("the permission for the address space {target} is {answer}");
                blocked(BlockReason::LocalNetworkPermission, detail)
            }
        }
    }

    /// "policy container", "IP address space": that of the connection over which the page came.
    fn page_address_space(&self) -> AddressSpace {
        let page = self.page;
        if page.opaque == OpaqueKind::File && page.top_level.is_none() && page.origin == Origin::Opaque {
            return AddressSpace::Loopback;
        }
        let origin = if page.origin == Origin::Opaque { page.top_level_origin() } else { &page.origin };
        match Url::parse(&origin.to_string()) {
            Ok(url) => self.browser.network.address_space(&url),
            Err(_) => AddressSpace::Public,
        }
    }
}
